import http from 'k6/http';
import { browser } from 'k6/browser';
import { check, sleep } from 'k6';

const BASE = 'https://shop.example.com';

export const options = {
  scenarios: {
    ui: { executor: 'constant-vus', vus: 1, duration: '5m', exec: 'ui', options: { browser: { type: 'chromium' } } },
    api: { executor: 'constant-vus', vus: 50, duration: '5m', exec: 'api' },
  },
  thresholds: { checks: ['rate>0.95'], http_req_failed: ['rate<0.05'] },
};

export async function ui() {
  const page = await browser.newPage();
  try {
    await page.goto(`${BASE}/`);
    check(page, { titled: (p) => p.url() === `${BASE}/` });
  } finally {
    await page.close();
  }
}

export function api() {
  check(http.get(`${BASE}/api/products`), { ok: (r) => r.status === 200 });
  sleep(1);
}
