import http from 'k6/http';
import { check, sleep } from 'k6';

export const options = {
  vus: 100,
  duration: '10m',
  thresholds: { checks: ['rate>0.99'], 'http_req_duration{load_zone:amazon:us:ashburn}': ['p(95)<500'] },
  cloud: {
    name: 'Checkout',
    projectID: 123456,
    staticIPs: true,
    drop_tags: { '*': ['instance_id'] },
    distribution: {
      us: { loadZone: 'amazon:us:ashburn', percent: 33 },
      ie: { loadZone: 'amazon:ie:dublin', percent: 33 },
      de: { loadZone: 'amazon:de:frankfurt', percent: 34 },
    },
    note: 'before the sale',
  },
  tags: { team: 'checkout' },
  userAgent: 'k6-load/1.0',
  hosts: { 'shop.example.com': '203.0.113.7' },
};

export default function () {
  check(http.get('https://shop.example.com/'), { ok: (r) => r.status === 200 });
  sleep(3);
}
