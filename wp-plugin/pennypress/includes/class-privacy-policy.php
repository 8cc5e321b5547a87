<?php
/**
 * A paragraph for the site's privacy policy.
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
	 * Suggests the paragraph.
	 */
	public static function suggest() {
		$text = __( 'When you ask our chat assistant something, your question, the address and title of the page you are on, your IP address and, if you are signed in, your user number are sent to a service that we run. It keeps the conversation so that you can continue it and so that we can improve our answers; you can delete your conversation in the chat window. To write an answer, the service may send your question, but neither your IP address nor your user number, to a provider of language models.', 'pennypress' );
		wp_add_privacy_policy_content( 'Pennypress', '<p>' . esc_html( $text ) . '</p>' );
	}
}
