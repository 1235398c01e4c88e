// Stages test: how does the shop do while visitors come, stay and leave? Up to five users, ten seconds.
import http from 'k6/http';
import { check, sleep } from 'k6';

const BASE_URL = `${__ENV.SANDBOX_URL || 'http://127.0.0.1:6581'}/demo`;

export const options = {
  stages: [
    { duration: '3s', target: 5 },
    { duration: '4s', target: 5 },
    { duration: '3s', target: 0 },
  ],
  thresholds: {
    checks: ['rate>0.99'],
    http_req_failed: ['rate<0.01'],
  },
};

export default function () {
  const products = http.get(`${BASE_URL}/products`);
  check(products, { 'products answer 200': (response) => response.status === 200 });
  sleep(0.3);

  const [first] = products.json();
  const product = http.get(`${BASE_URL}/products/${first.id}`, { tags: { name: 'product' } });
  check(product, { 'product has a price': (response) => response.json('price') > 0 });
  sleep(0.7);
}
