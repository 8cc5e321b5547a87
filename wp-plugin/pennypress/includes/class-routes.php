<?php
/**
 * The calls of a visitor that this site passes on.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Which routes there are below /wp-json/pennypress/v1/, and which of them this request is for.
 */
final class Routes {

	const REST_NAMESPACE = 'pennypress/v1';

	/** Pattern of a route => the methods that it knows. */
	const TABLE = array(
		'chat'                                => array( 'POST' ),
		'feedback'                            => array( 'POST' ),
		'visitors'                            => array( 'POST' ),
		'widget'                              => array( 'GET' ),
		'answers/[A-Za-z0-9_-]{1,64}/events'  => array( 'GET' ),
		'conversations/[A-Za-z0-9_-]{1,64}'   => array( 'GET', 'DELETE' ),
	);

	/**
	 * The methods that a route knows; none if there is no such route.
	 *
	 * @param string $route Such as `chat`.
	 * @return string[]
	 */
	public static function methods( $route ) {
		foreach ( self::TABLE as $pattern => $methods ) {
			if ( preg_match( '#^' . $pattern . '$#D', $route ) ) {
				return $methods;
			}
		}
		return array();
	}

	/**
	 * Whether a route answers with a stream, which may stay open for a long time.
	 *
	 * @param string $route Such as `chat`.
	 * @return bool
	 */
	public static function streams( $route ) {
		return 'chat' === $route || 0 === strpos( $route, 'answers/' );
	}

	/**
	 * The route that this request names, by pretty (/wp-json/pennypress/v1/chat) or plain (?rest_route=/pennypress/v1/chat)
	 * address; null if it is not for this plugin.
	 *
	 * @return string|null
	 */
	public static function requested() {
		$uri = isset( $_SERVER['REQUEST_URI'] ) ? (string) $_SERVER['REQUEST_URI'] : ''; // phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- only compared.
		// Every other request ends here, at the price of one search in a short string.
		if ( false === strpos( $uri, 'pennypress' ) ) {
			return null;
		}
		$path  = (string) strtok( $uri, '?#' );
		$home  = rtrim( (string) wp_parse_url( home_url(), PHP_URL_PATH ), '/' );
		$index = $home . '/index.php';
		if ( isset( $_GET['rest_route'] ) ) { // phpcs:ignore WordPress.Security.NonceVerification -- visitors have none; see Early_Answer.
			$named  = is_string( $_GET['rest_route'] ) ? wp_unslash( $_GET['rest_route'] ) : ''; // phpcs:ignore WordPress.Security
			$prefix = '/' . self::REST_NAMESPACE . '/';
			return in_array( $path, array( $home, $home . '/', $index ), true ) && 0 === strpos( $named, $prefix )
				? substr( $named, strlen( $prefix ) )
				: null;
		}
		foreach ( array( $home, $index ) as $base ) {
			$prefix = $base . '/' . rest_get_url_prefix() . '/' . self::REST_NAMESPACE . '/';
			if ( 0 === strpos( $path, $prefix ) ) {
				return substr( $path, strlen( $prefix ) );
			}
		}
		return null;
	}
}
