// The panel "Chat" beside a post in the block editor. What is ticked there is saved together with the post.
( function ( wp, texts ) {
	'use strict';
	// WordPress 6.6 moved the panel from wp.editPost to wp.editor.
	var Panel = ( wp.editor && wp.editor.PluginDocumentSettingPanel ) || ( wp.editPost && wp.editPost.PluginDocumentSettingPanel );
	if ( ! Panel || ! texts ) {
		return;
	}
	var element = wp.element.createElement;

	function KeepOut() {
		var ticked = wp.data.useSelect( function ( select ) {
			return !! select( 'core/editor' ).getEditedPostAttribute( texts.field );
		}, [] );
		var editPost = wp.data.useDispatch( 'core/editor' ).editPost;
		return element(
			Panel,
			{ name: 'keep-out', title: texts.title },
			element( wp.components.CheckboxControl, {
				label: texts.label,
				help: texts.help,
				checked: ticked,
				__nextHasNoMarginBottom: true,
				onChange: function ( value ) {
					var change = {};
					change[ texts.field ] = value;
					editPost( change );
				},
			} )
		);
	}

	wp.plugins.registerPlugin( 'pennypress', { render: KeepOut, icon: null } );
}( window.wp, window.pennypressKeepOut ) );
