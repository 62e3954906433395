// Preloaded into a server that has no option for its address: whatever it listens on, it listens on loopback only.
const { Server } = require("net");

const listen = Server.prototype.listen;

Server.prototype.listen = function (first, ...rest) {
  if (typeof first === "object" && first !== null && first.port !== undefined) {
    return listen.call(this, { ...first, host: "127.0.0.1" }, ...rest);
  }
  if (/^\d+$/.test(String(first))) {
    const after = typeof rest[0] === "string" ? rest.slice(1) : rest;
    return listen.call(this, first, "127.0.0.1", ...after);
  }
  return listen.call(this, first, ...rest);
};
