import http from 'k6/http';
import { sleep } from 'k6';
import { expect } from 'https://jslib.k6.io/k6-testing/0.5.0/index.js';

const { BASE_URL = 'https://shop.example.com' } = __ENV;

export const options = { vus: 2, duration: '1m', thresholds: { checks: ['rate==1'] } };

export default function () {
  const res = http.get(`${BASE_URL}/api/health`);
  expect(res.status).toBe(200);
  expect(res.json('status')).toEqual('ok');
  sleep(1);
}
