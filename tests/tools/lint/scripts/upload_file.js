import http from 'k6/http';
import { check, sleep } from 'k6';
import { FormData } from 'https://jslib.k6.io/formdata/0.0.2/index.js';

const image = open('./image.png', 'b');

export const options = { vus: 3, duration: '1m', thresholds: { checks: ['rate==1'] } };

export default function () {
  const form = new FormData();
  form.append('text', 'hello');
  form.append('file', http.file(image, 'image.png', 'image/png'));
  const res = http.post('https://files.example.com/upload', form.body(), {
    headers: { 'Content-Type': `multipart/form-data; boundary=${form.boundary}` },
  });
  check(res, { created: (r) => r.status === 201 });
  sleep(1);
}
