// A load test of the server itself: MCP tool calls over HTTP, as a client of 2026-07-28 makes them.
// bench/server_load.py runs it; URL is the address of /mcp, CALLS how many in all, VUS how many at once.
import http from 'k6/http';
import { check } from 'k6';

export const options = {
  scenarios: {
    calls: {
      executor: 'shared-iterations',
      vus: Number(__ENV.VUS),
      iterations: Number(__ENV.CALLS),
      maxDuration: '30m',
    },
  },
  thresholds: { checks: ['rate==1'] },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

const VERSION = '2026-07-28';
const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

// Three reads for each page of a list, as an assistant makes them.
function tool(number) {
  if (number % 4 === 0) return ['list_load_tests', {}];
  return ['get_load_test', { load_test_id: (number % 1000) + 1 }];
}

export default function () {
  const [name, args] = tool(__ITER);
  const params = { name, arguments: args, _meta: META };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': VERSION,
    'Mcp-Method': 'tools/call',
    'Mcp-Name': name,
  };
  const answer = http.post(__ENV.URL, body, { headers, tags: { name } });
  check(answer, { 'answered with a result': (one) => one.status === 200 && one.body.includes('structuredContent') });
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
