import http from 'k6/http';
import { check, sleep } from 'k6';

const BASE = __ENV.SANDBOX_URL || 'http://127.0.0.1:6581';

export const options = {
  stages: [
    { duration: '3s', target: 5 },
    { duration: '5s', target: 5 },
    { duration: '2s', target: 0 },
  ],
  thresholds: {
    http_req_failed: ['rate<0.01'],
    http_req_duration: ['p(95)<500'],
    checks: ['rate>0.99'],
  },
};

export default function () {
  const products = http.get(`${BASE}/demo/products`);
  check(products, { 'products are listed': (response) => response.status === 200 });
  sleep(0.5);
}
