import assert from 'node:assert/strict';

process.env.APP_HOST = 'h';
process.env.APP_PORT = '8443';
process.env.APP_SECURE = '1';
const all = await import('/work/src/settings.js');
assert.deepEqual({ ...all.settings }, { host: 'h', port: 8443, secure: true });
assert.ok(Object.isFrozen(all.settings));
assert.deepEqual(Object.keys(all), ['settings']);
assert.equal((await import('/work/src/url.js')).baseUrl(), 'https://h:8443');
assert.equal((await import('/work/src/banner.js')).banner(), 'connected to h');
assert.equal((await import('/work/src/health/check.js')).isDefault(), false);
