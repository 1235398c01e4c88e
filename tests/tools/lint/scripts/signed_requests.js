import http from 'k6/http';
import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import secrets from 'k6/secrets';
import { check, sleep } from 'k6';

const HOST = 'https://api.example.com';

export const options = { vus: 2, duration: '1m', thresholds: { checks: ['rate>0.99'] } };

export default async function () {
  const apiKey = await secrets.get('api-key');
  const body = JSON.stringify({ at: Date.now() });
  const signature = crypto.hmac('sha256', apiKey, body, 'hex');
  const credentials = encoding.b64encode(`${__ENV.USER}:${__ENV.PASSWORD}`);
  const res = http.post(`${HOST}/events`, body, {
    headers: { 'X-Signature': signature, Authorization: `Basic ${credentials}`, 'X-Token-Type': 'bearer' },
  });
  check(res, { accepted: (r) => r.status === 202 });
  sleep(1);
}
