import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const metrics = {
  bytes: new Counter('downloaded_bytes'),
  size: new Gauge('content_size'),
  ok: new Rate('content_ok'),
  ttfb: new Trend('time_to_first_byte', true),
};

export const options = {
  vus: 5,
  duration: '1m',
  thresholds: {
    downloaded_bytes: ['count>1000'],
    content_size: ['value<4000'],
    content_ok: ['rate>0.95'],
    time_to_first_byte: ['p(99)<300', 'avg<100'],
    checks: ['rate>0.9'],
  },
};

export default function () {
  const res = http.get('https://shop.example.com/');
  metrics.bytes.add(res.body.length);
  metrics.size.add(res.body.length);
  metrics.ok.add(res.status === 200);
  metrics.ttfb.add(res.timings.waiting);
  check(res, { ok: (r) => r.status === 200 });
  sleep(1);
}
