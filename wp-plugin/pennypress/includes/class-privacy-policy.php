<?php
/**
 * Paragraphs for the site's privacy policy.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Shown by WordPress under Settings → Privacy → Policy guide, to copy.
 */
final class Privacy_Policy {

	/**
	 * Suggests them.
	 */
	public static function suggest() {
		$paragraphs = array(
			__( 'When you ask our chat assistant something, your question, the address and title of the page you are on, your IP address and, if you are signed in, your user number are sent to a service that we run. It keeps the conversation so that you can continue it and so that we can improve our answers; you can delete your conversation in the chat window for up to an hour after you last used our pages, but it is not among the personal data that this site exports or erases when you ask for that. To write an answer, the service may send your question, but neither your IP address nor your user number, to a provider of language models.', 'pennypress' ),
			__( 'The assistant answers from what is published on this site. Our published pages are sent to the same service for that, and passages of them, to the provider of language models. If you wrote something that is published here as a page, it can be quoted in an answer; comments are not used.', 'pennypress' ),
		);
		// WordPress shows what is of this class to the site's owner, and leaves it out when the text is copied.
		$advice = __( 'Conversations are kept by your service, not by WordPress: “Export Personal Data” and “Erase Personal Data” under Tools do not reach them, and the service cannot look for all conversations of one person. A visitor can delete a conversation in the chat window. If someone asks you for their data, tell them so.', 'pennypress' );
		wp_add_privacy_policy_content( 'Pennypress', '<p class="privacy-policy-tutorial">' . esc_html( $advice ) . '</p><p>' . implode( '</p><p>', array_map( 'esc_html', $paragraphs ) ) . '</p>' );
	}
}
