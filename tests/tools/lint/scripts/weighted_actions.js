import http from 'k6/http';
import { check, sleep } from 'k6';

const BASE = 'https://shop.example.com';
const ACTIONS = [
  { weight: 0.7, run: () => http.get(`${BASE}/search?q=shoes`) },
  { weight: 0.2, run: () => http.get(`${BASE}/cart`) },
  { weight: 0.1, run: () => http.post(`${BASE}/checkout`, JSON.stringify({ items: [1, 2] })) },
];

export const options = { vus: 20, duration: '10m', thresholds: { checks: ['rate>0.98'], http_reqs: ['count>100'] } };

function pick(dice) {
  let sum = 0;
  return ACTIONS.find(({ weight }) => (sum += weight) >= dice) || ACTIONS[0];
}

export default function () {
  const response = pick(Math.random()).run();
  check(response, { 'answers below 400': (r) => r.status < 400 });
  sleep(1 + Math.random() * 2);
}
