// Rules: ER-1, ER-2, ER-3, ER-4, ER-5, VR-3.
// Drawn by lot once, then kept.
const steps = [
  ["rawSocket","a",{"version":"4.8.4","query":"__sails_io_sdk_version=1.2.1&__sails_io_sdk_platform=node&__sails_io_sdk_language=javascript"}],
  ["raw","a","post",{"data":{"second":4,"num":[[],false,""],"word":31,"value":[4,{"_csrf":2,"second":27},{"name":{},"id":"true"},"a/b?c#d"]},"headers":[1],"method":null}],
  ["raw","a","put",1.5],
  ["quiet"],
  ["raw","a","head",{"url":false,"data":0,"params":{"key":"w8","A":""}}],
  ["raw","a","options",[{"url":"/echo"}]],
  ["quiet"],
  ["raw","a","put",{"url":"/session/id?&","code":false}],
  ["raw","a","get",{"url":"/echo?"}],
  ["raw","a","patch",{"url":"w2"}],
  ["raw","a","delete",{"url":{},"params":[""],"method":null}],
  ["raw","a","post",{"url":"/js/x.js?a[21]=a_b&=a_b&a[][k]='q'","data":{"":{"a[]":1e+21," ":{"1":"w1","length":44,"key":[],"A":123456789.125},"num":null,"a.b":{"first":{}}}},"params":["null"]}],
  ["raw","a","get",{"params":0,"method":5}],
  ["raw","a","options",{"url":"/echo?first={\"x\":1}&&a[20]=a%20b&&A='q'","headers":{"accept-encoding":true,"Referrer":"v","accept":"ż"}}],
  ["raw","a","post",{"url":" ","data":0}],
  ["raw","a","head",{"url":"/echo/p/%C5%BC/t.w?a[b]='q'&a=true","params":[1,["w2",[2,[],-7,null],41],{}]}],
  ["raw","a","options",{"url":"/res/status/451?","headers":0}],
  ["tell","a","delete",{"url":"/echo/p/5/two/three?a%5Bz%5D"}],
  ["quiet"],
  ["raw","a","post",{"url":true,"headers":[1]}],
  ["raw","a","options",{"url":"/echo?ż=1&a[20]=%2B","params":[" pad "],"headers":{"user-agent":"ż"}}],
  ["raw","a","delete",{"url":"/echo?a[b][c]=a_b&='q'","data":1e-7,"params":0}],
  ["raw","a","delete",{"url":"/echo/p/%C5%BC/two?limit=1&=%7B%22x%22%3A1%7D&a[21]=","params":{"key":{"key":[[],"w0",false,0],"A":"w5","a[b]":{}},"id":[]}}],
  ["raw","a","delete",{"url":"/echo?a%5Bz%5D=[1]","data":[{"b":{"x":"","_csrf":""},"ż":{},"kind":[true],"code":"w7"},0,true],"method":5}],
  ["raw","a","patch",[{"url":"/echo"}]],
  ["quiet"],
  ["raw","a","delete",{"url":"/echo/p/%25?&"}],
  ["raw","a","post",{"url":"/echo?a[21]=%7B%22x%22%3A1%7D&kind=two","params":[["w8",false]]}],
  ["raw","a","post",{"url":"/echo?=a_b&a[b]=1&x=null","data":true,"id":{"a[b]":null,"first":"w2"}}],
  ["raw","a","get",{"url":false,"data":[[],[38,"text"],false,{"0":3,"value":"null","a.b":[],"b":[]}],"params":{"a[b]":null,"word":""},"method":"POST"}],
  ["raw","a","options",{"url":"/echo/re/x/A9?&","headers":{}}],
];
export default {
  title: 'Messages drawn by lot, socket.io-client 4',
  timeout: 40000,
  async run(t) {
    const s = {};
    const play = {
      rawSocket: async (n, o) => { s[n] = await t.raw(n, o); },
      raw: (n, ...args) => s[n].ask(...args, { $opts: { replyMs: 500 } }),
      tell: (n, ...args) => s[n].tell(...args),
      quiet: (unordered) => t.quiet({ unordered: !!unordered }),
    };
    for (const [what, ...args] of steps) { await play[what](...args); }
  },
};
