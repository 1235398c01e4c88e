// Tells which options a script exports, or why they cannot be any, in lines of the log that begin with a mark.
// It is imported before the script, and keeps what it needs: a script may change what all modules share.
const { stringify } = JSON;
const { isFinite, Number, String } = globalThis;
const unbound = (method) => Function.prototype.call.bind(method);
const replaced = unbound(String.prototype.replace);
const part = unbound(String.prototype.slice);
const code = unbound(String.prototype.charCodeAt);
const digits = unbound(Number.prototype.toString);
const isArray = Array.isArray;

// In pieces, because a line of the log has a limit; in ASCII, because a cut may go through a character.
const PIECE = 16000;
const escaped = (one) => '\\u' + part('000' + digits(code(one, 0), 16), -4);
const ascii = (text) => replaced(text, /[^\x20-\x7e]/g, escaped);

// JSON leaves out or makes null what k6 does not take, and does not take what k6 does.
function strictly(key, value) {
  const own = this[key];
  if (typeof own === 'bigint') return Number(own);
  if (typeof own === 'function') throw { message: `'${key}' is a function` };
  if (typeof own === 'number' && !isFinite(own)) throw { message: `'${key}' is ${own}` };
  return value;
}

function reading(options) {
  if (options === undefined || options === null) return stringify({ options: {} });
  if (typeof options !== 'object' || isArray(options)) return stringify({ refused: 'they are not an object' });
  try {
    return stringify({ options }, strictly);
  } catch (error) {
    return stringify({ refused: String(error.message) });
  }
}

export function tell(options, mark, limit) {
  const text = ascii(reading(options));
  for (let at = 0; at < text.length && at <= limit; at += PIECE) console.log(mark + part(text, at, at + PIECE));
}
