// Thresholds test: is the shop fast enough, page by page? Three users log in and browse for five seconds.
import http from 'k6/http';
import { check, sleep } from 'k6';

const BASE_URL = `${__ENV.SANDBOX_URL || 'http://127.0.0.1:6581'}/demo`;

export const options = {
  scenarios: {
    shoppers: { executor: 'constant-vus', vus: 3, duration: '5s', gracefulStop: '2s' },
  },
  thresholds: {
    checks: ['rate>0.99'],
    http_req_failed: ['rate<0.01'],
    'http_req_duration{page:login}': ['p(95)<500'],
    'http_req_duration{page:slow}': ['p(95)<1000'],
  },
};

export default function () {
  const credentials = JSON.stringify({ user: `shopper-${__VU}`, password: 'demo' });
  const login = http.post(`${BASE_URL}/login`, credentials, {
    headers: { 'Content-Type': 'application/json' },
    tags: { page: 'login' },
  });
  check(login, { 'login gives a session': (response) => response.status === 200 && !!response.json('token') });
  sleep(0.5);

  const slow = http.get(`${BASE_URL}/slow?ms=200`, { tags: { page: 'slow' } });
  check(slow, { 'the slow page answers 200': (response) => response.status === 200 });
  sleep(0.5);
}
