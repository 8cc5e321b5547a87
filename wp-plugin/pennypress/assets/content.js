// Keeps the panel "What the chat knows" up to date, and takes its buttons without leaving the page. Without this script they send
// the form, and the page shows how it stands.
( function () {
	'use strict';
	var BUSY_MS = 1000;
	var QUIET_MS = 15000;
	var AFTER_ERROR_MS = 3000;
	var texts = window.pennypressSettings;
	var form = document.getElementById( 'pennypress-content' );
	var panel = document.getElementById( 'pennypress-panel' );
	if ( ! texts || ! form || ! panel || ! window.fetch ) {
		return;
	}
	var timer;
	var shown = panel.innerHTML;
	// Each request has a number, so that a late answer does not undo what a newer one showed.
	var newest = 0;

	function show( html ) {
		if ( html === shown ) {
			return;
		}
		var focused = document.activeElement && panel.contains( document.activeElement ) ? document.activeElement.value : null;
		// The panel as WordPress built it for this page, with everything in it escaped there.
		panel.innerHTML = shown = html;
		if ( focused ) {
			var again = panel.querySelector( 'button[value="' + focused + '"]' ) || panel.querySelector( 'button' );
			if ( again ) {
				again.focus();
			}
		}
	}

	function ask( wish ) {
		var number = ++newest;
		var body = new FormData( form );
		body.append( 'action', 'pennypress_content' );
		if ( wish ) {
			body.append( 'pennypress_content', wish );
		}
		window.clearTimeout( timer );
		panel.setAttribute( 'aria-busy', wish ? 'true' : 'false' );
		fetch( texts.url, { method: 'POST', body: body, credentials: 'same-origin' } )
			.then( function ( response ) {
				return response.json();
			} )
			.then( function ( answer ) {
				if ( number === newest ) {
					show( answer.html );
					later( answer.busy ? BUSY_MS : QUIET_MS );
				}
			} )
			.catch( function () {
				if ( number === newest ) {
					later( AFTER_ERROR_MS );
				}
			} )
			.then( function () {
				panel.setAttribute( 'aria-busy', 'false' );
			} );
	}

	function later( wait ) {
		timer = window.setTimeout( function () {
			if ( document.hidden ) {
				later( wait );
			} else {
				ask();
			}
		}, wait );
	}

	form.addEventListener( 'submit', function ( event ) {
		var button = event.submitter;
		if ( ! button ) {
			return;
		}
		event.preventDefault();
		if ( button.value === 'remove' && ! window.confirm( texts.sure ) ) {
			return;
		}
		ask( button.value );
	} );

	later( form.getAttribute( 'data-busy' ) ? BUSY_MS : QUIET_MS );
}() );
