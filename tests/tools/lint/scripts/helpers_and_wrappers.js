import http from 'k6/http';
import { check, sleep } from 'k6';

const BASE = __ENV.BASE || 'https://api.example.com';

export const options = { vus: 5, duration: '1m', thresholds: { checks: ['rate>0.9'] } };

class Api {
  constructor(base) {
    this.base = base;
    this.params = { headers: { Accept: 'application/json' } };
  }

  get(path, name) {
    return http.get(this.base + path, { ...this.params, tags: { name: name || path } });
  }

  order(id) {
    return this.get(`/orders/${id}`, 'order');
  }
}

const api = new Api(BASE);
const isOk = (r) => r.status >= 200 && r.status < 300;

export default function () {
  const orders = api.get('/orders');
  check(orders, { isOk });
  for (const { id } of orders.json('items') || []) {
    check(api.order(id), { isOk });
  }
  sleep(0.5 + Math.random());
}
