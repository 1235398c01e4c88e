import http from 'k6/http';
import { check } from 'k6';

export const options = {
  vus: 5,
  duration: '1m',
  minIterationDuration: '2s',
  thresholds: { checks: ['rate>0.99'] },
};

export default function main() {
  check(http.get('https://shop.example.com/'), { ok: (r) => r.status === 200 });
}
