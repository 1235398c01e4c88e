import http, { RefinedResponse, ResponseType } from 'k6/http';
import { check, fail, sleep } from 'k6';
import type { Options } from 'k6/options';

interface Session { token: string; expires: number }

const BASE: string = __ENV.BASE_URL ?? 'https://auth.example.com';

export const options: Options = {
  scenarios: {
    login: {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: [{ duration: '1m', target: 20 }, { duration: '3m', target: 20 }],
      gracefulRampDown: '10s',
    },
  },
  thresholds: { checks: ['rate>0.99'], 'http_req_duration{scenario:login}': ['p(95)<400'] },
};

function login(user: string): Session {
  const res: RefinedResponse<ResponseType | undefined> = http.post(
    `${BASE}/oauth/token`,
    JSON.stringify({ username: user, password: __ENV.LOAD_PASSWORD }),
    { headers: { 'Content-Type': 'application/json' } },
  );
  if (!check(res, { 'logged in': (r) => r.status === 200 })) {
    fail(`login failed: ${res.status}`);
  }
  return res.json() as unknown as Session;
}

export default function (): void {
  const session = login(`load-${__VU}`);
  const me = http.get(`${BASE}/me`, { headers: { Authorization: `Bearer ${session.token}` } });
  check(me, { 'is me': (r) => r.json('name') !== null });
  sleep(1);
}
