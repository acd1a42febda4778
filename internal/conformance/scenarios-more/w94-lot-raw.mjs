// Rules: ER-1, ER-2, ER-3, ER-4, ER-5, VR-3.
// Drawn by lot once, then kept.
const steps = [
  ["rawSocket","a",{"query":"__sails_io_sdk_version=1.2.1&__sails_io_sdk_platform=node&__sails_io_sdk_language=javascript"}],
  ["raw","a","put",{"url":"/res/ok-string?a[b]=null","data":["{\"a\":1}"],"params":4}],
  ["raw","a","delete",{"data":{"1":{"0":true,"id":{"a[b]":-37,"code":"","b":1e+21},"name":""},"code":[false,{"a[]":null,"value":3,"first":-23,"A":""}],"key":{"key":{"name":-0.25},"code":null,"a[]":[false],"a[b]":null},"x":"w0"}}],
  ["raw","a","delete",{"url":"/echo","headers":true}],
  ["raw","a","get",{"url":"true","data":true,"params":{},"headers":{}},0],
  ["quiet"],
  ["raw","a","options",{"url":"/echo/only-post?=%7B%22x%22%3A1%7D&A=true&a[21]=1","data":37}],
  ["raw","a","head",{"url":"/echo/opt?A=%C5%BC","params":[],"headers":{"authorization":"text/html"},"method":null}],
  ["raw","a","get",{"url":[],"data":{"A":{},"b":[],"a":"{\"a\":1}","x":false},"headers":{}}],
  ["tell","a","options",{"url":"/echo/headers?a[0]='q'&ż&kind=a_b"}],
  ["quiet"],
  ["raw","a","post",{"url":"/echo/only-post?b=%7B%22x%22%3A1%7D","params":{"a[]":{"code":[-0.25,false],"b":{"num":""}}}}],
  ["raw","a","post",{"url":[[]],"data":["\u0000\u001f"],"headers":[]}],
  ["raw","a","delete",{}],
  ["raw","a","head",{"url":true,"data":["<b>&\"'</b>"],"headers":{},"method":5}],
  ["raw","a","put",{"url":"/res/status/422?a[][k]=true&b&a%5Bz%5D=1","params":{"second":null,"word":null}},[]],
  ["quiet"],
  ["raw","a","post",{"url":"/sock/nope?ż=%41&limit=[1]&x=%41","data":[""],"limit":[null,0,""]}],
  ["raw","a","options",{"url":"/echo?first=true&a[21]","data":true}],
  ["raw","a","options",{"url":[[null,{"code":0},false,{"key":3}],{"where":-3,"num":false,"":0,"a[b]":{"first":""}},{"limit":{"a[]":[],"a[b]":0," ":2,"b":1}},{}],"data":[]},5],
  ["quiet"],
  ["raw","a","head",[{"url":"/echo"}]],
  ["quiet"],
  ["raw","a","post",{"url":46,"params":true}],
  ["raw","a","head",{"url":0,"data":4,"params":0,"headers":5},0],
  ["quiet"],
  ["raw","a","post",[]],
  ["quiet"],
  ["raw","a","patch",{"url":"/cookie/get","data":[1,[-32],{"_csrf":"[1]"},[]],"headers":{}}],
  ["raw","a","options",{"url":"/res/status/418?a%5Bz%5D=1&a[b][c]=true&limit=%41","data":0,"limit":""}],
  ["raw","a","get",{"url":"/res/nothing?a=[1]","params":[null,false,{"length":{}},null]}],
  ["raw","a","post",{"url":"/favicon.ico?a[21]=%ff&a.b='q'&a.b=a_b","data":{"value":{"word":[{},"w7"],"a[]":33},"first":true,"x":{}},"method":"POST"}],
  ["raw","a","options",{"url":"/echo?a%5Bz%5D=%41&b=%2B","data":{"key":[{"0":null,"name":{},"a":false,"num":[]},"w4",48,{"key":"undefined","where":false}],"a[b]":{"a":2,"second":1e+21,"":"[1]"}},"method":"get"}],
];
export default {
  title: 'Messages drawn by lot, socket.io-client 2',
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
