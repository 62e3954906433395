// Preloaded into the Google emulator: Google's token server answers at /token and /revoke, the emulator a level below.
const { Server } = require("http");

const emit = Server.prototype.emit;

Server.prototype.emit = function (event, request, ...rest) {
  if (event === "request" && /^\/(token|revoke)(\?|$)/.test(request.url)) {
    request.url = `/oauth2${request.url}`;
  }
  return emit.call(this, event, request, ...rest);
};
