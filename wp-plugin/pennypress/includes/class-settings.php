<?php
/**
 * The plugin's settings.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * All settings are one row of the options table, loaded with the others that WordPress always loads: reading them costs
 * no query.
 */
final class Settings {

	const OPTION = 'pennypress';

	const SHOW_EVERYWHERE = 'everywhere';
	const SHOW_TYPES      = 'types';
	const SHOW_FRONT      = 'front';
	const SHOW_NOWHERE    = 'nowhere';

	const DEFAULTS = array(
		'service_url'         => '',
		'site_key'            => '',
		'secret'              => '',
		// The launcher's colours, as the service names them; they stand in the script tag.
		'accent'              => '',
		'on_accent'           => '',
		'show'                => self::SHOW_EVERYWHERE,
		'types'               => array(),
		'exclude'             => array(),
		// The site's content, and what of it the service learns. Nothing is sent before `learn` is true.
		'learn'               => false,
		// The address that this site had when it began: a copy of it (for staging) must not send in its place.
		'learn_home'          => '',
		// Null: every kind that has pages of its own, also those that come later.
		'learn_types'         => null,
		'learn_exclude'       => array(),
		'learn_exclude_terms' => array(),
		'learn_noindex'       => false,
		'learn_menus'         => true,
	);

	/**
	 * Every setting, with its default where nothing is saved.
	 *
	 * @return array<string, mixed>
	 */
	public static function all() {
		$saved = get_option( self::OPTION, array() );
		return array_merge( self::DEFAULTS, is_array( $saved ) ? array_intersect_key( $saved, self::DEFAULTS ) : array() );
	}

	/**
	 * Saves all settings.
	 *
	 * @param array<string, mixed> $settings As returned by all().
	 */
	public static function save( array $settings ) {
		update_option( self::OPTION, array_intersect_key( $settings, self::DEFAULTS ), true );
	}

	/**
	 * Whether the service can be called at all.
	 *
	 * @param array<string, mixed> $settings As returned by all().
	 * @return bool
	 */
	public static function complete( array $settings ) {
		return '' !== $settings['service_url'] && '' !== $settings['site_key'] && '' !== $settings['secret'];
	}

	/**
	 * Whether the site's content may be sent: the owner said so, and this is the site that it was said of, not a copy.
	 *
	 * @param array<string, mixed> $settings As returned by all().
	 * @return bool
	 */
	public static function learns( array $settings ) {
		return $settings['learn'] && self::complete( $settings ) && self::home() === $settings['learn_home'];
	}

	/**
	 * This site's address, by which a copy is told from it; no difference between http and https, or with and without www.
	 *
	 * @return string
	 */
	public static function home() {
		return rtrim( preg_replace( '#^https?://(www\.)?#', '', strtolower( (string) get_option( 'home' ) ) ), '/' );
	}

	/**
	 * A service address in its one form, or null if it cannot be one.
	 *
	 * @param string $typed What a person typed.
	 * @return string|null Scheme, host, port and path, without a slash at the end.
	 */
	public static function service_url( $typed ) {
		$typed = trim( $typed );
		if ( '' === $typed || strlen( $typed ) > 500 || preg_match( '/[\s\\\\<>"\x00-\x1f\x7f]/', $typed ) ) {
			return null;
		}
		if ( ! preg_match( '#^[a-z][a-z0-9+.-]*://#i', $typed ) ) {
			$typed = 'https://' . $typed;
		}
		$parts = wp_parse_url( $typed );
		if ( ! $parts || empty( $parts['host'] ) || array_intersect_key( $parts, array_flip( array( 'user', 'pass', 'query', 'fragment' ) ) ) ) {
			return null;
		}
		$scheme = strtolower( $parts['scheme'] );
		if ( 'http' !== $scheme && 'https' !== $scheme ) {
			return null;
		}
		return $scheme . '://' . strtolower( $parts['host'] ) . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' )
			. rtrim( isset( $parts['path'] ) ? $parts['path'] : '', '/' );
	}

	/**
	 * A site key in its one form, or null if it cannot be one.
	 *
	 * @param string $typed What a person typed.
	 * @return string|null
	 */
	public static function site_key( $typed ) {
		$typed = trim( $typed );
		return preg_match( '/^[A-Za-z0-9_.-]{1,64}$/', $typed ) ? $typed : null;
	}

	/**
	 * A secret in its one form, or null if it cannot be one.
	 *
	 * @param string $typed What a person typed.
	 * @return string|null
	 */
	public static function secret( $typed ) {
		$typed = trim( $typed );
		return preg_match( '/^[\x21-\x7e]{8,200}$/', $typed ) ? $typed : null;
	}

	/**
	 * A colour in its one form, or null if it cannot be one.
	 *
	 * @param string $said What the service said.
	 * @return string|null
	 */
	public static function accent( $said ) {
		return preg_match( '/^#[0-9a-f]{6}$/i', $said ) ? $said : null;
	}

	/**
	 * The colour on it, alike.
	 *
	 * @param string $said What the service said.
	 * @return string|null
	 */
	public static function on_accent( $said ) {
		return self::accent( $said );
	}
}
