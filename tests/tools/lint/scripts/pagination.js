import http from 'k6/http';
import { check, sleep } from 'k6';

const PAGE_SIZE = 50;
const list = (page) => http.get(http.url`https://api.example.com/items?page=${page}&size=${PAGE_SIZE}`);

export const options = { vus: 4, duration: '2m', thresholds: { checks: ['rate>0.99'] } };

export default function () {
  let page = 1;
  let more = true;
  while (more && page <= 10) {
    const res = list(page);
    check(res, { 'page is 200': (r) => r.status === 200 });
    more = res.json('more');
    page += 1;
    sleep(0.3);
  }
}
