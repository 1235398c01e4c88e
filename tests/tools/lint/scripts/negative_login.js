import http from 'k6/http';
import { check, group, sleep } from 'k6';

const BASE = 'https://auth.example.com';
const headers = { 'Content-Type': 'application/json' };

export const options = { vus: 2, duration: '1m', thresholds: { checks: ['rate==1'] } };

export default function () {
  group('a wrong password is refused', () => {
    const res = http.post(`${BASE}/login`, JSON.stringify({ user: 'ann', password: 'Tr0ub4dor&3' }), { headers });
    check(res, { 'is 401': (r) => r.status === 401 });
  });
  const expired = http.get(`${BASE}/me`, { headers: { Authorization: 'Bearer expired-token-0001' } });
  check(expired, { 'expired token is 401': (r) => r.status === 401 });
  sleep(1);
}
