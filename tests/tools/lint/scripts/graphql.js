import http from 'k6/http';
import { check, sleep } from 'k6';

const endpoint = __ENV.GRAPHQL_URL || 'https://api.example.com/graphql';
const query = `
  query Product($id: ID!) {
    product(id: $id) { id name price { amount currency } }
  }`;

export const options = { vus: 10, duration: '5m', thresholds: { http_req_failed: ['rate<0.01'], checks: ['rate>0.99'] } };

export default function () {
  const variables = { id: String(1 + Math.floor(Math.random() * 1000)) };
  const res = http.post(endpoint, JSON.stringify({ query, variables }), {
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${__ENV.API_TOKEN}` },
    tags: { operation: 'Product' },
  });
  check(res, { 'no errors': (r) => r.status === 200 && !r.json('errors') });
  sleep(1);
}
