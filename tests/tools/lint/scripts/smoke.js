import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  const response = http.get('https://shop.example.com/health');
  console.log(response.status, response.timings.duration);
  check(response, { healthy: (r) => r.json('status') === 'ok' });
}
