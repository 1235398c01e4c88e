import { browser } from 'k6/browser';
import { check } from 'https://jslib.k6.io/k6-utils/1.5.0/index.js';

export const options = {
  scenarios: {
    ui: {
      executor: 'shared-iterations',
      vus: 1,
      iterations: 3,
      options: { browser: { type: 'chromium' } },
    },
  },
  thresholds: { checks: ['rate==1.0'], browser_web_vital_lcp: ['p(75)<2500'] },
};

export default async function () {
  const page = await browser.newPage();
  try {
    await page.goto('https://shop.example.com/login');
    await page.locator('input[name="login"]').type('ann');
    await page.locator('input[name="password"]').type(__ENV.PASSWORD);
    await Promise.all([page.waitForNavigation(), page.locator('button[type="submit"]').click()]);
    await check(page.locator('h2'), { header: async (h2) => (await h2.textContent()) === 'Welcome, Ann!' });
  } finally {
    await page.close();
  }
}
