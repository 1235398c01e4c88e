// Smoke test: does every page of the shop answer at all? One user, a few seconds.
import http from 'k6/http';
import { check, group, sleep } from 'k6';

const BASE_URL = `${__ENV.SANDBOX_URL || 'http://127.0.0.1:6581'}/demo`;

export const options = {
  vus: 1,
  duration: '3s',
  thresholds: {
    checks: ['rate==1'],
    http_req_failed: ['rate==0'],
  },
};

export default function () {
  group('home', () => {
    const home = http.get(`${BASE_URL}/`);
    check(home, { 'home answers 200': (response) => response.status === 200 });
  });

  group('catalogue', () => {
    const products = http.get(`${BASE_URL}/products`);
    check(products, {
      'products answer 200': (response) => response.status === 200,
      'there is something on sale': (response) => response.json().length > 0,
    });
  });

  sleep(0.5);
}
