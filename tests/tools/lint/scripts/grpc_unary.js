import grpc from 'k6/net/grpc';
import { check, sleep } from 'k6';

const client = new grpc.Client();
client.load(['definitions'], 'hello.proto');

export const options = { vus: 5, duration: '1m', thresholds: { checks: ['rate==1'], grpc_req_duration: ['p(95)<200'] } };

export default () => {
  client.connect('grpc.example.com:443', {});
  const response = client.invoke('hello.HelloService/SayHello', { greeting: 'Ann' });
  check(response, { 'status is OK': (r) => r && r.status === grpc.StatusOK });
  client.close();
  sleep(1);
};
