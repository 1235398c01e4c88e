import http from 'k6/http';
import { check, sleep } from 'k6';

export let options = {
  stages: [
    { duration: '10s', target: 100 },
    { duration: '1m', target: 100 },
    { duration: '10s', target: 1400 },
    { duration: '3m', target: 1400 },
    { duration: '10s', target: 100 },
    { duration: '10s', target: 0 },
  ],
  thresholds: { http_req_failed: [{ threshold: 'rate<0.2', abortOnFail: true }], checks: ['rate>0.8'] },
};

export default function () {
  const BASE_URL = 'https://api.example.com';
  const responses = http.batch([
    ['GET', `${BASE_URL}/public/crocodiles/1/`, null, { tags: { name: 'Crocodile' } }],
    ['GET', `${BASE_URL}/public/crocodiles/2/`, null, { tags: { name: 'Crocodile' } }],
  ]);
  responses.forEach((res) => check(res, { ok: (r) => r.status === 200 }));
  sleep(1);
}
