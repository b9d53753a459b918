/** Clients of Postgres and Redis for the projects of the tests, with Node alone: their protocols, as far as the tests need them. */
export const clients: Record<string, string> = {
  'clients.mjs': `import { connect } from 'node:net';
const int = (value) => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(value); return bytes; };
const message = (type, body) => Buffer.concat([Buffer.from(type), int(body.length + 4), body]);

/** Rows of a statement; the user is the superuser. */
export const query = (sql, host = '127.0.0.1') => new Promise((resolve, reject) => {
  const socket = connect(5432, host);
  const rows = [];
  let [left, asked, fault] = [Buffer.alloc(0), false, undefined];
  socket.on('error', reject).on('close', () => reject(new Error('closed')));
  socket.on('connect', () => socket.write(message('', Buffer.concat([int(196608), Buffer.from('user\\0postgres\\0database\\0postgres\\0\\0')]))));
  socket.on('data', (chunk) => {
    left = Buffer.concat([left, chunk]);
    while (left.length >= 5 && left.length > left.readInt32BE(1)) {
      const [type, body] = [String.fromCharCode(left[0]), left.subarray(5, left.readInt32BE(1) + 1)];
      left = left.subarray(left.readInt32BE(1) + 1);
      if (type === 'E') fault ??= new Error(body.toString().split('\\0').find((field) => field.startsWith('M'))?.slice(1));
      if (type === 'D') {
        const row = [];
        for (let at = 2; at < body.length; ) {
          const length = body.readInt32BE(at);
          row.push(length < 0 ? null : body.subarray(at + 4, at + 4 + length).toString());
          at += 4 + Math.max(0, length);
        }
        rows.push(row);
      }
      if (type === 'Z' && asked) { socket.end(); if (fault) reject(fault); else resolve(rows); }
      else if (type === 'Z') { asked = true; socket.write(message('Q', Buffer.from(sql + '\\0'))); }
    }
  });
});

/** What a program prints that the database runs, as its superuser may. */
export const runInDatabase = async (script) => {
  await query('create table if not exists said (line text)');
  await query("truncate said");
  await query("copy said from program '" + script.replaceAll("'", "''") + "' with (format csv, delimiter E'\\x01', quote E'\\x02')");
  return (await query('select line from said')).map(([line]) => line).join('\\n');
};

/** The first line of Redis's answer to a command. */
export const redis = (command, host = '127.0.0.1') => new Promise((resolve, reject) => {
  connect(6379, host).on('error', reject).on('connect', function () { this.write(command + '\\r\\n'); })
    .on('data', function (chunk) { this.end(); resolve(chunk.toString().split('\\r\\n')[0]); });
});
`,
};
