const http = require('k6/http');
const { check, sleep } = require('k6');

module.exports.options = {
  vus: 1,
  duration: '30s',
  thresholds: { checks: ['rate>0.99'] },
};

module.exports.default = function () {
  const res = http.get('https://shop.example.com/');
  check(res, { 'status is 200': (r) => r.status === 200 });
  sleep(1);
};
