<?php
/**
 * The widget on the site's pages.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Puts one script tag into the page. Nothing in it expires or differs between visitors, so that a page can be cached for
 * as long as anyone likes.
 */
final class Widget {

	const HANDLE = 'pennypress-widget';

	/**
	 * Adds the loader to the page, if it is to be shown there.
	 */
	public static function enqueue() {
		$settings = Settings::all();
		if ( ! Settings::complete( $settings ) || ! self::wanted_here( $settings ) ) {
			return;
		}
		// The version stands in the address, so that an update reaches browsers that keep the file.
		wp_enqueue_script( self::HANDLE, plugins_url( 'assets/widget.js', MAIN_FILE ), array(), VERSION, true );
		wp_script_add_data( self::HANDLE, 'pennypress_site', $settings['site_key'] );
		wp_script_add_data( self::HANDLE, 'pennypress_colours', array( 'accent' => $settings['accent'], 'on-accent' => $settings['on_accent'] ) );
	}

	/**
	 * Writes the loader's tag: `async` and the data attributes that it reads. (WordPress 6.3 and newer could say `async`
	 * itself, 6.1 cannot, and no version the rest.) Where the chat is must be said, because plugins that minify scripts
	 * serve a copy of the loader from their own folder, and of the loader only.
	 *
	 * @param string $tag    The tag as WordPress wrote it.
	 * @param string $handle Which script it is.
	 * @return string
	 */
	public static function script_tag( $tag, $handle ) {
		if ( self::HANDLE !== $handle ) {
			return $tag;
		}
		$attributes = sprintf(
			' async data-site="%s" data-api="%s" data-chat="%s" src=',
			esc_attr( (string) wp_scripts()->get_data( $handle, 'pennypress_site' ) ),
			esc_url( rest_url( Routes::REST_NAMESPACE . '/' ) ),
			esc_url( plugins_url( 'assets/chat.js', MAIN_FILE ) )
		);
		foreach ( (array) wp_scripts()->get_data( $handle, 'pennypress_colours' ) as $name => $colour ) {
			if ( '' !== $colour ) {
				$attributes = sprintf( ' data-%s="%s"', $name, esc_attr( $colour ) ) . $attributes;
			}
		}
		return preg_replace( '/ src=/', str_replace( array( '\\', '$' ), array( '\\\\', '\\$' ), $attributes ), $tag, 1 );
	}

	/**
	 * Whether the page that is being built is one to show the widget on. Asks only what WordPress already knows.
	 *
	 * @param array<string, mixed> $settings As Settings::all() returns them.
	 * @return bool
	 */
	private static function wanted_here( array $settings ) {
		if ( $settings['exclude'] && is_singular() && in_array( get_queried_object_id(), $settings['exclude'], true ) ) {
			return false;
		}
		switch ( $settings['show'] ) {
			case Settings::SHOW_EVERYWHERE:
				return true;
			case Settings::SHOW_TYPES:
				return $settings['types'] && is_singular( $settings['types'] );
			case Settings::SHOW_FRONT:
				return is_front_page();
			default:
				return false;
		}
	}
}
