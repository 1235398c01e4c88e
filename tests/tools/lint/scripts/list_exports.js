import http from 'k6/http';
import * as k6 from 'k6';

const options = {
  scenarios: { all: { executor: 'constant-vus', vus: 2, duration: '1m', exec: 'visit' } },
  thresholds: { checks: ['rate>0.99'] },
};

function visit() {
  k6.check(http.get('https://shop.example.com/'), { ok: (r) => r.status === 200 });
  k6.sleep(1);
}

export { options, visit };
