import http from 'k6/http';
import { check, sleep } from 'k6';

const ORIGIN = 'https://legacy.example.com';
const PATHS = ['/', '/about', '/contact'];

export const options = { vus: 3, iterations: 30, maxRedirects: 4, thresholds: { checks: ['rate>0.99'] } };

export default function () {
  for (const path of PATHS) {
    const res = http.get(`${ORIGIN}${path}`, { cookies: { consent: 'yes' }, redirects: 2 });
    check(res, { 'not an error page': (r) => !r.body.includes('Internal Server Error') });
    sleep(1);
  }
}
