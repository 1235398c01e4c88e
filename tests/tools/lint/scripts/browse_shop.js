import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Rate, Trend } from 'k6/metrics';
import { SharedArray } from 'k6/data';
import { randomItem } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';

const BASE_URL = __ENV.BASE_URL || 'https://shop.example.com';
const products = new SharedArray('products', () => JSON.parse(open('./products.json')));
const errors = new Rate('errors');
const cartTime = new Trend('cart_time', true);

export const options = {
  stages: [
    { duration: '2m', target: 50 },
    { duration: '5m', target: 50 },
    { duration: '2m', target: 0 },
  ],
  thresholds: {
    http_req_failed: ['rate<0.01'],
    http_req_duration: ['p(95)<500', 'p(99)<1000'],
    checks: ['rate>0.99'],
    errors: ['rate<0.05'],
    cart_time: [{ threshold: 'p(95)<300', abortOnFail: true, delayAbortEval: '1m' }],
  },
};

export default function () {
  group('home', () => {
    const home = http.get(`${BASE_URL}/`);
    check(home, { 'home is 200': (r) => r.status === 200 });
    errors.add(home.status !== 200);
  });
  sleep(Math.random() * 2 + 1);
  group('product', () => {
    const product = randomItem(products);
    const page = http.get(`${BASE_URL}/products/${product.id}`, { tags: { name: 'product' } });
    check(page, { 'has a price': (r) => r.html('.price').size() > 0 });
    if (page.status !== 200) {
      console.warn(`product ${product.id} gave ${page.status}`);
    }
  });
  sleep(1);
}
