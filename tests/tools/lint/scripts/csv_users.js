import http from 'k6/http';
import { check, sleep } from 'k6';
import { SharedArray } from 'k6/data';
import papaparse from 'https://jslib.k6.io/papaparse/5.1.1/index.js';
import exec from 'k6/execution';

const users = new SharedArray('users', function () {
  return papaparse.parse(open('./users.csv'), { header: true }).data;
});

export const options = {
  scenarios: { login: { executor: 'shared-iterations', vus: 10, iterations: users.length, maxDuration: '10m' } },
  thresholds: { checks: ['rate>0.95'] },
};

export default function () {
  const user = users[exec.scenario.iterationInTest];
  const params = { login: user.username, password: user.password };
  const res = http.post('https://auth.example.com/login', params, { redirects: 0 });
  check(res, { 'redirected after login': (r) => r.status === 302 });
  sleep(1);
}
