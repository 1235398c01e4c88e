import http from 'k6/http';
import { check } from 'k6';
import exec from 'k6/execution';

export const options = {
  discardResponseBodies: true,
  scenarios: {
    steady: { executor: 'constant-arrival-rate', rate: 100, timeUnit: '1s', duration: '10m', preAllocatedVUs: 50, maxVUs: 200 },
    peak: { executor: 'ramping-arrival-rate', startRate: 10, stages: [{ target: 300, duration: '5m' }], preAllocatedVUs: 100, exec: 'peak', startTime: '10m' },
  },
  thresholds: {
    'http_req_duration{scenario:steady}': ['p(99)<800'],
    'http_req_duration{scenario:peak}': ['p(99)<1500'],
    dropped_iterations: ['count<10'],
    checks: ['rate>0.995'],
  },
};

const URLS = { search: 'https://api.example.com/v2/search?q=shoes', ping: 'https://api.example.com/v2/ping' };

export default function () {
  check(http.get(URLS.search), { ok: (r) => r.status === 200 });
}

export function peak() {
  const url = exec.scenario.iterationInTest % 10 === 0 ? URLS.search : URLS.ping;
  check(http.get(url), { ok: (r) => r.status === 200 });
}
