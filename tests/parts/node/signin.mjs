// An authorization server on loopback: the certified oidc-provider, with one client, one person, and nobody to click.
// node signin.mjs PACKAGES PORT ISSUER CLIENT_ID CLIENT_SECRET SECONDS REDIRECT_URI...
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [packages, port, issuer, id, secret, seconds, ...uris] = process.argv.slice(2);
const require = createRequire(packages + '/');
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);
const asked = { authorization_code: 0, refresh_token: 0, device_code: 0, reused: 0, revoked: 0, tokens: [] };
const grants = [];

const provider = new Provider(issuer, {
  clients: [{
    client_id: id,
    client_secret: secret,
    redirect_uris: uris,
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_post',
    application_type: 'native',
  }],
  scopes: ['openid', 'offline_access', 'read', 'write'],
  claims: { openid: ['sub'], read: ['name'] },
  findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub, name: `${sub}'s account` }) }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  ttl: { AccessToken: Number(seconds), RefreshToken: 86400, AuthorizationCode: 60, DeviceCode: 600, Grant: 86400, Session: 86400, Interaction: 600 },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    introspection: { enabled: true },
    deviceFlow: { enabled: true },
    userinfo: { enabled: true },
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
});
provider.on('grant.success', (ctx) => {
  const kind = ctx.oidc.params.grant_type.split(':').pop();
  asked[kind] += 1;
});
provider.on('grant.error', (ctx, error) => {
  if (ctx.oidc?.params?.grant_type === 'refresh_token' && /already used/.test(error.error_detail ?? '')) asked.reused += 1;
});
provider.on('access_token.destroyed', () => { asked.revoked += 1; });
provider.on('refresh_token.destroyed', () => { asked.revoked += 1; });

for (const kind of ['access_token', 'refresh_token', 'authorization_code', 'device_code']) {
  provider.on(`${kind}.saved`, (token) => { asked.tokens.push(token.jti); });
}

// The person: `?login_hint=` says who consents, and with `refuse` to nothing. `narrow` in the hint grants `read` alone.
provider.use(async (ctx, next) => {
  if (ctx.path === '/asked') { ctx.body = asked; return; }
  if (ctx.path === '/end') { ctx.body = await ended(ctx.query.sub); return; }
  if (ctx.path === '/confirm') { ctx.body = await confirm(ctx.query.user_code, ctx.query.sub ?? 'ada'); return; }
  const match = /^\/interaction\/([^/]+)$/.exec(ctx.path);
  if (!match) { await next(); return; }
  const found = await provider.interactionDetails(ctx.req, ctx.res);
  await provider.interactionFinished(ctx.req, ctx.res, await decided(found), { mergeWithLastSubmission: false });
  ctx.respond = false;
});

async function decided({ params, session }) {
  const hint = params.login_hint ?? 'ada';
  if (hint === 'refuse') return { error: 'access_denied', error_description: 'Ada said no' };
  const accountId = session?.accountId ?? hint.replace(/-narrow$/, '');
  return { login: { accountId }, consent: { grantId: await granted(accountId, params.scope, hint.endsWith('-narrow')) } };
}

async function granted(accountId, scope, narrow) {
  const grant = new provider.Grant({ accountId, clientId: id });
  const wanted = scope.split(' ').filter((each) => !(narrow && each === 'write'));
  grant.addOIDCScope(wanted.join(' '));
  if (narrow) grant.rejectOIDCScope('write');
  const grantId = await grant.save();
  grants.push([accountId, grantId]);
  return grantId;
}

async function ended(accountId) {
  const theirs = grants.filter(([owner]) => owner === accountId);
  for (const [, grantId] of theirs) {
    for (const kind of ['AccessToken', 'RefreshToken']) await provider[kind].revokeByGrantId(grantId);
    await (await provider.Grant.find(grantId))?.destroy();
  }
  return { ended: theirs.length };
}

async function confirm(userCode, accountId) {
  const code = await provider.DeviceCode.findByUserCode(userCode.replace(/[^A-Z]/gi, ''), { ignoreExpiration: true });
  if (!code) return { confirmed: false };
  code.accountId = accountId;
  code.scope = code.params.scope;
  code.grantId = await granted(accountId, code.params.scope, false);
  code.authTime = Math.floor(Date.now() / 1000);
  await code.save();
  return { confirmed: true };
}

provider.listen(Number(port), '127.0.0.1');
