import http from 'k6/http';
import { check, sleep } from 'k6';

const profiles = {
  smoke: { vus: 1, duration: '1m' },
  load: { stages: [{ duration: '5m', target: 100 }, { duration: '10m', target: 100 }] },
};

export const options = {
  ...profiles[__ENV.PROFILE || 'smoke'],
  thresholds: { checks: ['rate>0.99'], http_req_duration: [`p(95)<${__ENV.P95 || 500}`] },
};

export default function () {
  check(http.get(`${__ENV.BASE_URL}/`), { ok: (r) => r.status === 200 });
  sleep(1);
}
