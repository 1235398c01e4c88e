import http from 'k6/http';
import { check, sleep } from 'k6';

const BASE_URL = 'https://api.example.com';

export const options = {
  vus: 20,
  duration: '4h',
  setupTimeout: '2m',
  thresholds: { checks: ['rate>0.999'], http_req_duration: ['p(95)<600'] },
};

export function setup() {
  const res = http.post(`${BASE_URL}/login`, { user: 'load', password: __ENV.API_PASSWORD });
  if (res.status !== 200) {
    throw new Error(`cannot log in: ${res.status}`);
  }
  console.log('logged in');
  return { token: res.json('token'), tenant: res.json('tenant') };
}

export default function (data) {
  const params = { headers: { Authorization: `Bearer ${data.token}` } };
  const res = http.get(`${BASE_URL}/tenants/${data.tenant}/orders`, params);
  check(res, { 'orders are listed': (r) => r.status === 200 && r.json().length > 0 });
  sleep(5);
}

export function teardown(data) {
  http.del(`${BASE_URL}/sessions/${data.tenant}`, null, { headers: { Authorization: `Bearer ${data.token}` } });
}
