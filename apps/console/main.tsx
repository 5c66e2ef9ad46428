import './styles/fonts.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/tables.css';
import './styles/writes.css';
import './styles/map.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queries } from './api/query-cache.js';
import { router } from './routes.js';
import { takeCode } from './session/one-time-code.js';

// Comes first: removes the one-time code from the address bar and history; it is sent once.
takeCode();

const place = document.getElementById('console');
if (place === null) throw new Error('index.html has no element with the id "console"');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
