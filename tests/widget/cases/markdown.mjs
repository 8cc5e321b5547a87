// The Markdown that models write, drawn as it comes.
import { expect, same, test } from '../harness.mjs';
import { putParts } from '../parts.mjs';

/** What each piece of Markdown must become, in a short form of HTML without attributes but href, start and text-align. */
const CASES = [
  ['plain words', '<p>plain words</p>'],
  ['one\ntwo\n\nthree', '<p>one<br>two</p><p>three</p>'],
  ['**bold** and *italic* and ***both***', '<p><strong>bold</strong> and <em>italic</em> and <strong><em>both</em></strong></p>'],
  ['__bold__ and _italic_, snake_case_name', '<p><strong>bold</strong> and <em>italic</em>, snake_case_name</p>'],
  ['**bold *and italic***', '<p><strong>bold <em>and italic</em></strong></p>'],
  ['*it **and bold***', '<p><em>it <strong>and bold</strong></em></p>'],
  ['~~gone~~ but ~here~', '<p><del>gone</del> but ~here~</p>'],
  ['2 * 3 * 4 and ** alone', '<p>2 * 3 * 4 and ** alone</p>'],
  ['**never closed', '<p>**never closed</p>'],
  ['a `code *x*` b', '<p>a <code>code *x*</code> b</p>'],
  ['`` a ` b ``', '<p><code>a ` b</code></p>'],
  ['`open', '<p>`open</p>'],
  ['**a `**` b**', '<p><strong>a <code>**</code> b</strong></p>'],
  ['\\*not\\* and \\a', '<p>*not* and \\a</p>'],
  ['# One\ntext', '<h3>One</h3><p>text</p>'],
  ['### Deep\n\n#### Deeper', '<h3>Deep</h3><h4>Deeper</h4>'],
  ['#hash', '<p>#hash</p>'],
  ['- a\n- b', '<ul><li><p>a</p></li><li><p>b</p></li></ul>'],
  ['* a\n  * b\n    * c\n* d', '<ul><li><p>a</p><ul><li><p>b</p><ul><li><p>c</p></li></ul></li></ul></li><li><p>d</p></li></ul>'],
  ['1. a\n   - b\n2. c', '<ol><li><p>a</p><ul><li><p>b</p></li></ul></li><li><p>c</p></li></ol>'],
  ['3. a\n4. b', '<ol start=3><li><p>a</p></li><li><p>b</p></li></ol>'],
  ['1. a\n\n   more\n\n2. b', '<ol><li><p>a</p><p>more</p></li><li><p>b</p></li></ol>'],
  ['Text:\n- a\n- b\n\nafter', '<p>Text:</p><ul><li><p>a</p></li><li><p>b</p></li></ul><p>after</p>'],
  ['In\n2024. was', '<p>In<br>2024. was</p>'],
  ['- **a**: b\n- `c`', '<ul><li><p><strong>a</strong>: b</p></li><li><p><code>c</code></p></li></ul>'],
  ['> quoted\n> more\n\nafter', '<blockquote><p>quoted<br>more</p></blockquote><p>after</p>'],
  ['> - a\n> - b', '<blockquote><ul><li><p>a</p></li><li><p>b</p></li></ul></blockquote>'],
  ['> a\n> > b', '<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>'],
  ['a\n\n---\n\nb', '<p>a</p><hr><p>b</p>'],
  ['***', '<hr>'],
  ['```js\nlet a = `1`;\n\n  b\n```\nafter', '<pre><code>let a = `1`;\n\n  b</code></pre><p>after</p>'],
  ['```\nnever closed', '<pre><code>never closed</code></pre>'],
  ['~~~\n```\n~~~', '<pre><code>```</code></pre>'],
  ['1. do\n   ```sh\n   ls\n     -l\n   ```\n2. so', '<ol><li><p>do</p><pre><code>ls\n  -l</code></pre></li><li><p>so</p></li></ol>'],
  ['| a | b |\n|---|:-:|\n| 1 | `x` |\n| 2 |\n\nend', '<div><table><tr><th>a</th><th align=center>b</th></tr><tr><td>1</td><td align=center><code>x</code></td></tr><tr><td>2</td></tr></table></div><p>end</p>'],
  ['| a \\| b | c |\n| - | -: |\n| 1 | 2 |', '<div><table><tr><th>a | b</th><th align=end>c</th></tr><tr><td>1</td><td align=end>2</td></tr></table></div>'],
  ['| no table\nafter', '<p>| no table<br>after</p>'],
  ['[words](https://example.com/a?b=c&d)', '<p><a href=https://example.com/a?b=c&d>words</a></p>'],
  ['[**b** x](https://example.com/ "title") y', '<p><a href=https://example.com/><strong>b</strong> x</a> y</p>'],
  ['[mail](mailto:a@example.com)', '<p><a href=mailto:a@example.com>mail</a></p>'],
  ['[wiki](https://example.com/a_(b))', '<p><a href=https://example.com/a_(b)>wiki</a></p>'],
  ['![picture](https://example.com/p.png)', '<p><a href=https://example.com/p.png>picture</a></p>'],
  ['[x](javascript:alert(1)) [y](data:text/html,z) [z](/relative)', '<p>[x](javascript:alert(1)) [y](data:text/html,z) [z](/relative)</p>'],
  ['see https://example.com/a_b_c, ok', '<p>see <a href=https://example.com/a_b_c>https://example.com/a_b_c</a>, ok</p>'],
  ['(https://example.com/x)', '<p>(<a href=https://example.com/x>https://example.com/x</a>)</p>'],
  ['so [1][2] and a[0] [100] [x]', '<p>so <a>[1]</a><a>[2]</a> and a[0] [100] [x]</p>'],
  ['<b>not</b> &amp; <script>alert(1)</script>', '<p>&lt;b>not&lt;/b> &amp;amp; &lt;script>alert(1)&lt;/script></p>'],
  ['Grüße, 世界 *und* 🎉', '<p>Grüße, 世界 <em>und</em> 🎉</p>'],
];

/** In the page: draws `text` in pieces of the given lengths (repeated) and tells what came out. */
function draw([text, pieces]) {
  const root = document.createElement('div');
  const markdown = new window.Parts.Markdown(root, () => {});
  for (let at = 0, i = 0; at < text.length; i++) {
    const next = at + pieces[i % pieces.length];
    markdown.write(text.slice(at, next));
    at = next;
  }
  markdown.end();
  const escape = (s) => s.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  const short = (node) => {
    if (node.nodeType === 3) return escape(node.data);
    const name = node.localName;
    const more = ['href', 'start'].map((a) => (node.hasAttribute(a) ? ` ${a}=${node.getAttribute(a)}` : '')).join('') + (node.style.textAlign ? ` align=${node.style.textAlign}` : '');
    const inner = [...node.childNodes].map(short).join('');
    return name === 'br' || name === 'hr' ? `<${name}>` : `<${name}${more}>${inner}</${name}>`;
  };
  return [...root.childNodes].map(short).join('');
}

test(`markdown: ${CASES.length} pieces become what they mean`, async ({ page, service }) => {
  await page.goto(service.origin);
  await putParts(page);
  const wrong = [];
  for (const [text, wanted] of CASES) {
    const found = await page.evaluate(draw, [text, [text.length]]);
    if (found !== wanted) wrong.push(`${JSON.stringify(text)}\n      found  ${found}\n      wanted ${wanted}`);
  }
  expect(!wrong.length, wrong.join('\n    '));
});

test('markdown: however it is cut into pieces, the same comes out', { patience: 60_000 }, async ({ page, service }) => {
  await page.goto(service.origin);
  await putParts(page);
  const long = CASES.map(([text]) => text).join('\n\n');
  for (const text of [...CASES.map(([t]) => t), long]) {
    const whole = await page.evaluate(draw, [text, [text.length]]);
    for (const pieces of [[1], [2], [3, 1], [7, 2, 5], [40]]) same(await page.evaluate(draw, [text, pieces]), whole, `${JSON.stringify(text.slice(0, 80))} in pieces of ${pieces}`);
  }
});

test('markdown: what has been drawn never changes', async ({ page, service }) => {
  await page.goto(service.origin);
  await putParts(page);
  const text = CASES.map(([t]) => t).join('\n\n');
  const changes = await page.evaluate((whole) => {
    const root = document.body.appendChild(document.createElement('div'));
    const markdown = new window.Parts.Markdown(root, () => {});
    const found = [];
    let before = '';
    const nodes = new Set();
    for (const c of whole) {
      markdown.write(c);
      const now = root.textContent;
      if (!now.startsWith(before)) found.push(`${before.slice(-40)} → ${now.slice(before.length - 40)}`);
      before = now;
      for (const node of nodes) if (!node.isConnected) found.push(`lost ${node.nodeName}`);
      for (const node of root.querySelectorAll('*')) nodes.add(node);
    }
    return found;
  }, text);
  same(changes, []);
});

test('markdown: an answer made to be slow is drawn all the same', { patience: 60_000 }, async ({ page, service }) => {
  await page.goto(service.origin);
  await putParts(page);
  const times = await page.evaluate(() => {
    const took = {};
    for (const piece of ['[', '*a ', '`', '**', '*`', '> ', '- ', '|', '![', '_a', '[](', 'https://', '#', '1. ', '\\', '~~', '***a', '(', '[[a](']) {
      const root = document.createElement('div');
      const markdown = new window.Parts.Markdown(root, () => {});
      const began = performance.now();
      const text = piece.repeat(Math.ceil(40_000 / piece.length));
      for (let at = 0; at < text.length; at += 50) markdown.write(text.slice(at, at + 50));
      markdown.end();
      took[piece] = Math.round(performance.now() - began);
    }
    return took;
  });
  const slow = Object.entries(times).filter(([, ms]) => ms > 4000);
  expect(!slow.length, `40,000 characters took: ${JSON.stringify(slow)} ms`);
});
