// What each client does: lists, reads, is completed, gets a prompt, and deletes a test of its own.
import assert from 'node:assert/strict';

const SCRIPT = 'export default function () {}';

export async function walk(client) {
  const { tools } = await client.listTools();
  assert(tools.some((tool) => tool.name === 'delete_load_test'));
  const name = `Walk ${process.pid} ${Math.random()}`;
  const created = await call(client, 'create_load_test', { name, script: SCRIPT });
  const read = await client.readResource({ uri: `k6://load_tests/${created.id}/script` });
  assert.equal(read.contents[0].text, SCRIPT);
  const ref = { type: 'ref/resource', uri: 'k6://load_tests/{id}/script' };
  const { completion } = await client.complete({ ref, argument: { name: 'id', value: String(created.id) } });
  assert(completion.values.includes(String(created.id)));
  const prompt = await client.getPrompt({ name: 'review_script', arguments: { load_test_id: String(created.id) } });
  assert(prompt.messages.length > 0);
  return deleted(client, created.id);
}

async function deleted(client, id) {
  const first = await call(client, 'delete_load_test', { load_test_id: id });
  if (first.status === 'done') return first.confirmed_by;
  assert.equal(first.status, 'confirmation_required');
  const token = first.confirmation_token;
  const second = await call(client, 'delete_load_test', { load_test_id: id, confirmation_token: token });
  assert.equal(second.status, 'done');
  return second.confirmed_by;
}

async function call(client, name, args) {
  const result = await client.callTool({ name, arguments: args });
  assert(!result.isError, JSON.stringify(result.content));
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
}
