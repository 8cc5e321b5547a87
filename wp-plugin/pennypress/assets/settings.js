// Tests the connection without leaving the page. Without this script the button sends the form, and the page shows the result.
( function () {
	'use strict';
	var texts = window.pennypressSettings;
	var form = document.getElementById( 'pennypress-form' );
	var button = document.getElementById( 'pennypress-test' );
	var box = document.getElementById( 'pennypress-result' );
	if ( ! texts || ! form || ! button || ! box || ! window.fetch ) {
		return;
	}

	function show( state, text, advice ) {
		box.className = 'pennypress-result ' + state;
		box.querySelector( 'strong' ).textContent = text;
		box.querySelector( 'span' ).textContent = advice || '';
	}

	button.addEventListener( 'click', function ( event ) {
		event.preventDefault();
		if ( button.getAttribute( 'aria-disabled' ) === 'true' ) {
			return;
		}
		var body = new FormData( form );
		body.append( 'action', 'pennypress_test' );
		// Not `disabled`: that would take the focus away from someone who uses the keyboard.
		button.setAttribute( 'aria-disabled', 'true' );
		show( 'is-busy', texts.testing );
		fetch( texts.url, { method: 'POST', body: body, credentials: 'same-origin' } )
			.then( function ( response ) {
				return response.json();
			} )
			.then( function ( result ) {
				show( result.ok ? 'is-good' : 'is-bad', result.text || texts.failed, result.advice );
			} )
			.catch( function () {
				show( 'is-bad', texts.failed );
			} )
			.then( function () {
				button.removeAttribute( 'aria-disabled' );
			} );
	} );
}() );
