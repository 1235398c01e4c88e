import http from 'k6/http';
import { check } from 'k6';

const users = JSON.parse(open('./users.json'));

export const options = {
  scenarios: {
    each_user: { executor: 'per-vu-iterations', vus: 10, iterations: 1, maxDuration: '5m' },
  },
  thresholds: { checks: ['rate==1'] },
};

export default function () {
  const user = users[(__VU - 1) % users.length];
  const jar = http.cookieJar();
  jar.set('https://shop.example.com', 'user', user.name);
  const res = http.get('https://shop.example.com/account');
  check(res, { [`account opens`]: (r) => r.status === 200 });
}
