import { expect } from "expect";
import { allowedUrls } from "@/supabase/local/auth/redirect_urls.ts";

Deno.test("allowedUrls() allows the site's origin, on a loopback host with any port", () => {
  const local = allowedUrls({ siteUrl: "http://localhost:54321", redirectUrls: [] });
  expect(local("http://localhost:54321/")).toBe(true);
  expect(local("http://localhost:3000/any/path?x#y")).toBe(true);
  expect(local("https://localhost:54321/")).toBe(false);
  expect(local("http://127.0.0.1:54321/")).toBe(false);
  const remote = allowedUrls({ siteUrl: "https://app.example.com", redirectUrls: [] });
  expect(remote("https://app.example.com/login")).toBe(true);
  expect(remote("https://app.example.com:8443/login")).toBe(false);
  expect(remote("https://app.example.com.evil.com/")).toBe(false);
  expect(remote("https://evil.com/https://app.example.com")).toBe(false);
});

Deno.test("allowedUrls() reads * up to a dot or slash, ** without end, ? as one character", () => {
  const isAllowed = allowedUrls({
    siteUrl: "https://site.example",
    redirectUrls: [
      "https://*.one.example/",
      "https://two.example/**",
      "https://three.example/?",
      "http://127.0.0.1:*/**",
    ],
  });
  expect(isAllowed("https://a.one.example/")).toBe(true);
  expect(isAllowed("https://a.b.one.example/")).toBe(false);
  expect(isAllowed("https://a.one.example/x")).toBe(false);
  expect(isAllowed("https://two.example/")).toBe(true);
  expect(isAllowed("https://two.example/a/b.c")).toBe(true);
  expect(isAllowed("https://two.example.evil.com/")).toBe(false);
  expect(isAllowed("https://three.example/a")).toBe(true);
  expect(isAllowed("https://three.example/ab")).toBe(false);
  expect(isAllowed("http://127.0.0.1:8080/x")).toBe(true);
});

Deno.test("allowedUrls() takes every other character of a pattern for itself and ignores fragments", () => {
  const isAllowed = allowedUrls({ siteUrl: "https://site.example", redirectUrls: ["https://a.example/x+(y)"] });
  expect(isAllowed("https://a.example/x+(y)#frag")).toBe(true);
  expect(isAllowed("https://aXexample/x+(y)")).toBe(false);
  expect(isAllowed("https://a.example/xx(y)")).toBe(false);
});

Deno.test("allowedUrls() refuses numbers in disguise, foreign addresses, user names and blanks", () => {
  const isAllowed = allowedUrls({ siteUrl: "http://127.0.0.1:54321", redirectUrls: ["**"] });
  expect(isAllowed("http://127.0.0.1:1/")).toBe(true);
  const wrong = [
    "http://2130706433/",
    "http://0x7f000001/",
    "http://127.1/",
    "https://10.0.0.1/",
    "https://[fe80::1]/",
    "https://user@site.example/",
    " https://site.example/",
    "https://site.example/\n",
    "https:\\\\site.example/",
    "https:site.example",
    "",
  ];
  for (const url of wrong) expect([url, isAllowed(url)]).toEqual([url, false]);
});
