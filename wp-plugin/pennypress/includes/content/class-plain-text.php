<?php
/**
 * Text out of HTML.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * What WordPress and its plugins hand out as HTML though it is one line of text: titles, names, prices.
 */
final class Plain_Text {

	/**
	 * HTML as the line of text that a person reads.
	 *
	 * @param string $html Such as a title.
	 * @return string
	 */
	public static function of( $html ) {
		$text = html_entity_decode( wp_strip_all_tags( (string) $html ), ENT_QUOTES | ENT_HTML5, 'UTF-8' );
		$line = preg_replace( '/\s+/u', ' ', $text );
		return trim( null === $line ? wp_check_invalid_utf8( $text, true ) : $line );
	}
}
