// the page: drop songs, follow their progress, play and mix their stems; it uses the public API only
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/page.css';
import './styles/add.css';
import './styles/songs.css';
import './styles/stems.css';
import './styles/lanes.css';
import './styles/timeline.css';
import './styles/transport.css';
import './styles/downloads.css';
import './styles/mixer.css';
import { render } from 'preact';
import { App } from './app.js';
import { registerServiceWorker } from './install.js';

const page = document.getElementById('page');
if (page !== null) render(<App />, page);
registerServiceWorker();
