import http from 'k6/http';
import { check, sleep } from 'k6';

export const options = {
  vus: 1,
  duration: '30s',
  insecureSkipTLSVerify: true,
  tlsAuth: [{ domains: ['mtls.example.com'], cert: open('./client.crt'), key: open('./client.key') }],
  tlsVersion: { min: 'tls1.2', max: 'tls1.3' },
  thresholds: { checks: ['rate==1'] },
};

export default function () {
  const res = http.get('https://mtls.example.com/');
  check(res, { 'is TLS 1.3': (r) => r.tls_version === http.TLS_1_3 });
  sleep(1);
}
