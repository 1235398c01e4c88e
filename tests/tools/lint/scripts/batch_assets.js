import http from 'k6/http';
import { check, sleep } from 'k6';

const CDN = 'https://cdn.example.com';

export const options = {
  vus: 10,
  iterations: 200,
  batchPerHost: 6,
  thresholds: { checks: ['rate>0.99'], http_req_duration: ['avg<300'] },
};

export default function () {
  const responses = http.batch([
    ['GET', `${CDN}/css/main.css`, null, { tags: { type: 'css' } }],
    ['GET', `${CDN}/js/app.js`, null, { tags: { type: 'js' } }],
    { method: 'GET', url: `${CDN}/img/logo.svg` },
  ]);
  for (const response of responses) {
    check(response, { 'asset is 200': (r) => r.status === 200 });
  }
  sleep(1);
}
