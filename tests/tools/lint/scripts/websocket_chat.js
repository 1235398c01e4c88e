import { WebSocket } from 'k6/websockets';
import { check } from 'k6';
import { Counter } from 'k6/metrics';

const received = new Counter('messages_received');

export const options = { vus: 10, duration: '2m', thresholds: { messages_received: ['count>100'], checks: ['rate>0.99'] } };

export default function () {
  const ws = new WebSocket(`wss://${__ENV.CHAT_HOST}/ws/chat/`);
  ws.addEventListener('open', () => {
    ws.send(JSON.stringify({ event: 'SAY', message: `hello from ${__VU}` }));
    setTimeout(() => ws.close(), 10000);
  });
  ws.addEventListener('message', (event) => {
    received.add(1);
    const message = JSON.parse(event.data);
    check(message, { 'has an author': (m) => m.user !== '' });
    if (message.event === 'ERROR') console.error(message.text);
  });
}
